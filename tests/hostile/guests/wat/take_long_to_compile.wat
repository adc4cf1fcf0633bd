;; Functions without end for the compiler.
(component
  ;;@ include contract
  (core module $guest
    ;;@ repeat 40000
    (func (param i64 i64) (result i64) (i64.add (i64.mul (i64.rotl (local.get 0) (local.get 1)) (i64.popcnt (local.get 0))) (select (local.get 0) (i64.div_u (local.get 1) (local.get 0)) (i64.eqz (local.get 1)))))
    (func (export "run") (param i32) (result i32) (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

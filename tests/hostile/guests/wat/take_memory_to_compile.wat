;; One function with a body of two megabytes: the compiler keeps all of it at once.
(component
  ;;@ include contract
  (core module $guest
    (func $giant (param $x i64) (result i64)
    ;;@ repeat 60000
    (local.set $x (i64.add (i64.mul (local.get $x) (i64.const 3)) (i64.rotl (local.get $x) (i64.const 7))))
    (local.get $x))
    (func (export "run") (param i32) (result i32) (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

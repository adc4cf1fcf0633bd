;; Is done and has not answered.
(component
  ;;@ include contract
  (core module $guest
    (func (export "run") (param i32) (result i32)
      (i32.const 0))
    (func (export "again") (param i32 i32 i32) (result i32)
      (unreachable)))
  (core instance $guest (instantiate $guest))
  ;;@ include export_async
)

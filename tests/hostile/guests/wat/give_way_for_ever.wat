;; Gives way each time that it is called, and is never done.
(component
  ;;@ include contract
  (core module $guest
    (func (export "run") (param i32) (result i32)
      (i32.const 1))
    (func (export "again") (param i32 i32 i32) (result i32)
      (i32.const 1)))
  (core instance $guest (instantiate $guest))
  ;;@ include export_async
)

;; Gives way once, and computes for ever when it is called again.
(component
  ;;@ include contract
  (core module $guest
    (func (export "run") (param i32) (result i32)
      (i32.const 1))
    (func (export "again") (param i32 i32 i32) (result i32)
      (loop $more (br $more)) (unreachable)))
  (core instance $guest (instantiate $guest))
  ;;@ include export_async
)

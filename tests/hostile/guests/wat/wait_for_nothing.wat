;; Waits for a set that has nothing in it.
(component
  ;;@ include contract
  (core func $new (canon waitable-set.new))
  (core instance $async (export "new" (func $new)))
  (core module $guest
    (import "async" "new" (func $new (result i32)))
    (func (export "run") (param i32) (result i32)
      (i32.or (i32.const 2) (i32.shl (call $new) (i32.const 4))))
    (func (export "again") (param i32 i32 i32) (result i32)
      (unreachable)))
  (core instance $guest (instantiate $guest (with "async" (instance $async))))
  ;;@ include export_async
)

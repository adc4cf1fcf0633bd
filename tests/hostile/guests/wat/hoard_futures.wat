;; Makes futures and keeps them all.
(component
  ;;@ include contract
  (type $future (future u8))
  (core func $new (canon future.new $future))
  (core instance $async (export "new" (func $new)))
  (core module $guest
    (import "async" "new" (func $new (result i64)))
    (func (export "run") (param i32) (result i32)
      (loop $more (drop (call $new)) (br $more)) (unreachable))
    (func (export "again") (param i32 i32 i32) (result i32)
      (unreachable)))
  (core instance $guest (instantiate $guest (with "async" (instance $async))))
  ;;@ include export_async
)

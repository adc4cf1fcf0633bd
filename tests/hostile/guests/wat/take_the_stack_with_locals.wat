;; Few calls with very large frames, in place of many calls.
(component
  ;;@ include contract
  (core module $guest
    (func $down (param $n i64) (result i64)
      ;;@ repeat 2000
      (local i64)
      (local.set 7 (i64.add (local.get $n) (i64.const 1)))
      (i64.add (call $down (local.get 7)) (local.get 7)))
    (func (export "run") (param i32) (result i32)
      (drop (call $down (i64.const 0)))
      (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

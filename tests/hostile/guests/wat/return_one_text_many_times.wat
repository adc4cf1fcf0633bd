;; A success with a thousand variables, all of them the same 64 KiB: a small memory that is large once it is read.
(component
  ;;@ include contract
  (core module $guest
    (import "room" "memory" (memory 4))
    (func (export "run") (param i32) (result i32)
      (local $at i32)
      (i32.store (i32.const 1040) (i32.const 2048))
      (i32.store (i32.const 1044) (i32.const 1000))
      (memory.fill (i32.const 65536) (i32.const 120) (i32.const 65536))
      (loop $again
        (i32.store offset=2048 (local.get $at) (i32.const 65536))
        (i32.store offset=2052 (local.get $at) (i32.const 65536))
        (i32.store offset=2056 (local.get $at) (i32.const 65536))
        (i32.store offset=2060 (local.get $at) (i32.const 65536))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $again (i32.lt_u (local.get $at) (i32.const 16000))))
      (i32.const 1024))
  )
  (core instance $guest (instantiate $guest (with "room" (instance $room))))
  ;;@ include export
)

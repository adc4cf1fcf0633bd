;; A success with more variables than the memory could hold.
(component
  ;;@ include contract
  (core module $guest
    (import "room" "memory" (memory 4))
    (data (i32.const 1024) "\00")
    (func (export "run") (param i32) (result i32)
      (i32.store (i32.const 1040) (i32.const 2048))
      (i32.store (i32.const 1044) (i32.const 0x0fffffff))
      (i32.const 1024))
  )
  (core instance $guest (instantiate $guest (with "room" (instance $room))))
  ;;@ include export
)

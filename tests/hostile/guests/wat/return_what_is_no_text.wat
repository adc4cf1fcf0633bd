;; A failure whose message is not UTF-8.
(component
  ;;@ include contract
  (core module $guest
    (import "room" "memory" (memory 4))
    (data (i32.const 1024) "\01\00\00\00\00\00\00\00\00\08\00\00\04\00\00\00")
    (data (i32.const 2048) "\ff\fe\fd\fc")
    ;; The failure's record follows the case, aligned to eight bytes: kind, then where the message is and how long.
    (func (export "run") (param i32) (result i32)
      (i32.store (i32.const 1036) (i32.const 2048))
      (i32.store (i32.const 1040) (i32.const 4))
      (i32.const 1024))
  )
  (core instance $guest (instantiate $guest (with "room" (instance $room))))
  ;;@ include export
)

;; An answer that is neither a success nor a failure.
(component
  ;;@ include contract
  (core module $guest
    (import "room" "memory" (memory 4))
    (data (i32.const 1024) "\07")
    (func (export "run") (param i32) (result i32) (i32.const 1024))
  )
  (core instance $guest (instantiate $guest (with "room" (instance $room))))
  ;;@ include export
)

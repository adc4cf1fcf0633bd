;; An `unreachable` instruction, with the name of its function.
(component
  ;;@ include contract
  (core module $guest
    (func $deepest unreachable)
    (func $middle (call $deepest))
    (func (export "run") (param i32) (result i32) (call $middle) (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

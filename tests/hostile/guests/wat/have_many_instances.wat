;; Five hundred instances of nothing.
(component
  ;;@ include contract
  (core module $nothing)
  ;;@ repeat 500
  (core instance (instantiate $nothing))
  (core module $guest
    (func (export "run") (param i32) (result i32) (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

;; Never gets as far as `run`: computes while it is instantiated.
(component
  ;;@ include contract
  (core module $guest
    (func $start (loop $again (br $again)))
    (start $start)
    (func (export "run") (param i32) (result i32) (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

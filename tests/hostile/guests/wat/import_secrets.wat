;; Wants secrets, and is granted none.
(component
  ;;@ include contract
  (import "pipefitter:action/secrets@0.1.0" (instance))
  (core module $guest
    (func (export "run") (param i32) (result i32) (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

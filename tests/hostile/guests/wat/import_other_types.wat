;; Wants an interface under its right name with functions that it has not.
(component
  ;;@ include contract
  (import "pipefitter:action/control@0.1.0" (instance (export "shutdown-host" (func))))
  (core module $guest
    (func (export "run") (param i32) (result i32) (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

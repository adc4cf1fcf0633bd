;; Wants an interface that this host has not.
(component
  ;;@ include contract
  (import "acme:tools/hammer@1.0.0" (instance))
  (core module $guest
    (func (export "run") (param i32) (result i32) (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

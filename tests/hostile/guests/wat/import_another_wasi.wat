;; Wants an interface of WASI that plugins do not get.
(component
  ;;@ include contract
  (import "wasi:nn/graph@0.2.0" (instance))
  (core module $guest
    (func (export "run") (param i32) (result i32) (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

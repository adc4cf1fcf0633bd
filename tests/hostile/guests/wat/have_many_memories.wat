;; A hundred memories.
(component
  ;;@ include contract
  (core module $guest
    ;;@ repeat 100
    (memory 0)
    (func (export "run") (param i32) (result i32) (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

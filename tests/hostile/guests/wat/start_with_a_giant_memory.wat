;; A memory of 4 GiB from the start.
(component
  ;;@ include contract
  (core module $guest
    (memory 65536)
    (func (export "run") (param i32) (result i32) (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

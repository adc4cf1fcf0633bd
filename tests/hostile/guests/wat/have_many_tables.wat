;; Ninety tables: with more than a hundred it would be no valid wasm.
(component
  ;;@ include contract
  (core module $guest
    ;;@ repeat 90
    (table 0 funcref)
    (func (export "run") (param i32) (result i32) (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

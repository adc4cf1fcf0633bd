;; Wasm exceptions.
(component
  ;;@ include contract
  (core module $guest
    (tag $oops)
    (func (export "run") (param i32) (result i32)
      (throw $oops))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

;; Tables grow until there is no more, the refusal is caught, the answer is success.
(component
  ;;@ include contract
  (core module $guest
    (table $t 1 funcref)
    (func (export "run") (param i32) (result i32)
      (loop $again
        (br_if $again (i32.ge_s (table.grow $t (ref.null func) (i32.const 100000)) (i32.const 0))))
      (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

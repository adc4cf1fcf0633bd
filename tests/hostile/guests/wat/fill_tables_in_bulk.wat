;; A table of four million entries, filled again and again.
(component
  ;;@ include contract
  (core module $guest
    (table $t 4000000 funcref)
    (func (export "run") (param i32) (result i32)
      (loop $again
        (table.fill $t (i32.const 0) (ref.null func) (i32.const 4000000))
        (br $again))
      (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

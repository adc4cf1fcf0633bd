;; The same with overlapping copies.
(component
  ;;@ include contract
  (core module $guest
    (memory 1024)
    (func (export "run") (param i32) (result i32)
      (loop $again
        (memory.copy (i32.const 1) (i32.const 0) (i32.const 67108800))
        (br $again))
      (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

;; One instruction that touches 64 MiB, again and again: the clock is looked at in between only.
(component
  ;;@ include contract
  (core module $guest
    (memory 1024)
    (func (export "run") (param i32) (result i32)
      (loop $again
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 67108864))
        (br $again))
      (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

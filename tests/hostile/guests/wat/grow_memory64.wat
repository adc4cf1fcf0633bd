;; A memory of 64-bit addresses that grows by gigabytes.
(component
  ;;@ include contract
  (core module $guest
    (memory i64 1)
    (func (export "run") (param i32) (result i32)
      (loop $again
        (br_if $again (i64.ge_s (memory.grow (i64.const 65536)) (i64.const 0))))
      (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

;; Threads: a memory that is shared.
(component
  ;;@ include contract
  (core module $guest
    (memory 1 1 shared)
    (func (export "run") (param i32) (result i32)
      (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

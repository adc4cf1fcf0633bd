;; Six megabytes of data in one segment.
(component
  ;;@ include contract
  (core module $guest
    (memory 100)
    (data (i32.const 0)
    ;;@ repeat 100000
    "sixty-four bytes of data are on each line of this segment: 64 -"
    )
    (func (export "run") (param i32) (result i32) (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

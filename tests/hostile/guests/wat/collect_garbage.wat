;; Objects of wasm's garbage collector.
(component
  ;;@ include contract
  (core module $guest
    (type $pair (struct (field (mut i32)) (field (mut i32))))
    (func (export "run") (param i32) (result i32)
      (struct.get $pair 0 (struct.new $pair (i32.const 0) (i32.const 1))))
  )
  (core instance $guest (instantiate $guest))
  ;;@ include export
)

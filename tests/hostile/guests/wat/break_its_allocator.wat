;; Tells the host to write the job to where there is no memory.
(component
  ;;@ include contract
  (core module $bad
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0x7ffffff0)))
  (core instance $bad (instantiate $bad))
  (alias core export $bad "realloc" (core func $realloc-bad))
  (core module $guest
    (func (export "run") (param i32) (result i32) (i32.const 0))
  )
  (core instance $guest (instantiate $guest))
  (alias core export $guest "run" (core func $run))
  (func $run (type $run-type)
    (canon lift (core func $run) (memory $memory) (realloc $realloc-bad)))
  (instance $handler (export "run" (func $run)))
  (export "pipefitter:action/handler@0.1.0" (instance $handler))
)

;; Answers, and answers again.
(component
  ;;@ include contract
  (core func $answer (canon task.return (result $answer) (memory $memory)))
  (core instance $async (export "answer" (func $answer)))
  (core module $guest
    (import "async" "answer" (func $answer (param i32)))
    (func (export "run") (param i32) (result i32)
      (call $answer (i32.const 1024)) (call $answer (i32.const 1024)) (i32.const 0))
    (func (export "again") (param i32 i32 i32) (result i32)
      (unreachable)))
  (core instance $guest (instantiate $guest (with "async" (instance $async))))
  ;;@ include export_async
)

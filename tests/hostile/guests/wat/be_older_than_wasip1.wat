;; A core module for what was WASI before wasip1.
(module
  (@custom "component-type:wit-bindgen:action" "any")
  (import "wasi_unstable" "proc_exit" (func (param i32)))
  (memory (export "memory") 1))

;; A core module in place of a component.
(module (func (export "run")))

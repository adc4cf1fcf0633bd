;; A handler of a version that this host does not serve.
(component
  (instance $handler)
  (export "pipefitter:action/handler@9.0.0" (instance $handler))
)

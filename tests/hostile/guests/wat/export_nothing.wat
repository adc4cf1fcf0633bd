;; A component that exports no handler.
(component)

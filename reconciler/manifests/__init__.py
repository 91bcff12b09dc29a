"""Files into `(Desired, [Diagnostic])`: the project file, the manifests, and the definitions they name."""

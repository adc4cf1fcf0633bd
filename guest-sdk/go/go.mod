module pipefitter

go 1.27.1

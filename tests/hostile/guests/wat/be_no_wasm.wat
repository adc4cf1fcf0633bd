;;@ verbatim
This is a shell script, said the file, and was not believed.

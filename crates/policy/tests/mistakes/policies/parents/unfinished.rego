package hallmark

deny contains "x" if {

package hallmark

allow if true

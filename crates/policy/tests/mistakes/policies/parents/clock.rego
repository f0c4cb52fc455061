package hallmark

import rego.v1

deny contains "x" if time.now_ns() > 1

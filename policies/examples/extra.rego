# What no rule of a policy can say. Use it with `rego: {module: examples/extra.rego}`.
package hallmark

# A kernel has to be one of those that somebody looks after.
looked_after := {"linux-image-6.12", "linux-image-cloud"}

deny contains {
	"msg": sprintf("The kernel %s is none that is looked after.", [kernel.name]),
	"code": "kernel",
	"clears": "Bake with one of those that the module lists.",
} if {
	some kernel in input.packages
	startswith(kernel.name, "linux-image-")
	not kernel.name in looked_after
}

# Nobody can answer for everything.
owners[exception.owner] contains exception.id if {
	some exception in input.exceptions
	exception.state in {"holds", "ending"}
	exception.suppresses > 0
}

deny contains {
	"msg": sprintf("%s answers for %d exceptions.", [owner, count(ids)]),
	"code": "one-owner",
	"weight": "review",
} if {
	some owner, ids in owners
	count(ids) > 5
}

# In production, whatever is exploited and came with this image stops it, exception or not.
deny contains {
	"msg": sprintf("%s is known to be exploited, and this image brings it in.", [finding.id]),
	"code": "exploited",
} if {
	input.environment == "prod"
	some finding in input.findings
	finding.kev
	finding.origin == "image"
}

# An old scan is worth a line.
deny contains {
	"msg": sprintf("%s is older than a day.", [statement.file]),
	"weight": "note",
} if {
	some statement in input.evidence
	statement.kind == "vulns"
	day := ((24 * 60) * 60) * 1000000000
	time.parse_rfc3339_ns(input.now) - time.parse_rfc3339_ns(statement.issued) > day
}

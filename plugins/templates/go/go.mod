module {{name}}

go 1.25

require penstock/sdk v0.1.0

require go.bytecodealliance.org/pkg v0.2.2 // indirect

replace (
	go.bytecodealliance.org/pkg => ./sdk/runtime
	penstock/sdk => ./sdk
)

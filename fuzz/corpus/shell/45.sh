cat <<'A' <<-B; $(cat <<C
')'
C
)
x'
A
	y
	B
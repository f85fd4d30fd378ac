cat <<EOF | sh > out
hello $x
rm -rf "/x"
EOF
next
git commit -m "$(cat <<'EOF'
it's a (test
EOF
)" && git push
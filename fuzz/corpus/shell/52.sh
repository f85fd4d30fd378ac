ruby <<~X
system %q(ls)
X
node -p 'a`${b}`' ; php -r "echo `id`;" ; perl -ne 's/a/b/; tr/a-z/n-za-m/; print qx{id}'
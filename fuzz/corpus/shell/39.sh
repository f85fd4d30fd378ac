ssh host <<E
uname -a
E
su - bob -c "id"; docker exec -it c1 sh -c 'ls'; kubectl exec -n ns pod -c c -- cat /etc/passwd; sudo su <<< id; docker run --rm -v /:/host alpine chroot /host sh -c id